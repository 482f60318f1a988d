"""Constants that several models or wizards need. Plain Python, no ORM."""

# The groups of members, by role: each holds those before it.
ROLES = {
    "user": "kavi_members.group_members_user",
    "officer": "kavi_members.group_members_officer",
    "administrator": "kavi_members.group_members_administrator",
}
USER = ROLES["user"]
OFFICER = ROLES["officer"]

AUDIENCES = [("company", "Companies"), ("individual", "Individuals")]
OCCASIONS = [
    ("new", "New"),
    ("renewal", "Renewal"),
    ("replace", "Replacement"),
    ("upload", "Upload"),
]
FEE_OCCASIONS = [
    ("new", "New"),
    ("renewal", "Renewal"),
    ("replace", "Replacement"),
    ("seat", "Seat Above the Limit"),
]
MODERATIONS = [
    ("none", "Not Needed"),
    ("waiting", "Waiting"),
    ("approved", "Approved"),
    ("denied", "Denied"),
]
BILLINGS = [
    ("none", "Nothing To Pay"),
    ("owed", "To Be Paid"),
    ("settled", "Settled"),
    ("lost", "Bill Canceled"),
]
ORDERS = [
    ("moderation_first", "Moderation, then the bill"),
    ("billing_first", "The bill, then moderation"),
]
END_REASONS = [
    ("lapsed", "Lapsed"),
    ("replaced", "Replaced"),
    ("refunded", "Refunded"),
    ("bill_canceled", "Bill Canceled"),
    ("withdrawn", "Withdrawn"),
    ("denied", "Denied"),
    ("deleted", "Deleted"),
    ("merged", "Merged"),
]
# What people and companies are here (KM-01).
COMPANY_PURPOSES = [
    ("member_company", "Member Company"),
    ("individuals_company", "Company for Individuals"),
    ("nonmember_company", "Nonmember Company"),
    ("staff_company", "Staff Company"),
]
PERSON_PURPOSES = [
    ("representative", "Company Representative"),
    ("individual_member", "Individual Member"),
    ("individual_nonmember", "Individual Nonmember"),
    ("staff", "Staff Person"),
]
# Which people a company of a purpose may have.
PURPOSE_PAIRS = {
    "individuals_company": ("individual_member", "individual_nonmember"),
    "member_company": ("representative",),
    "nonmember_company": ("representative", "individual_nonmember"),
    "staff_company": ("staff",),
}
MEMBER_STATUSES = [
    ("pending", "Applicant"),
    ("current", "Member"),
    ("grace", "Member in Grace"),
    ("former", "Former Member"),
]
