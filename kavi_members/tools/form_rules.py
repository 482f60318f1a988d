"""The steps of an application form, and what is asked in each (KM-20, KM-21).

Plain Python, no ORM: pages, checks of what was posted, and tests read these tables.
"""

from dataclasses import dataclass

# The pages of a form of each kind, in their order; those that have nothing to ask are
# left out.
STEPS = {
    "company": ("company", "people", "membership", "questions", "terms", "check"),
    "individual": ("person", "employer", "membership", "questions", "terms", "check"),
    "representative": ("person", "employer", "questions", "check"),
}
# Seconds between a page and its post: less is a robot, more is a page of yesterday.
FASTEST = 3
SLOWEST = 24 * 3600
# A hidden field, which people leave empty.
TRAP = "fax_number"
# In an hour, from one address.
MAX_STARTS = 10
MAX_POSTS = 200

MAX_FILES = 3  # for one question
MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_POST_BYTES = 16 * 1024 * 1024
FILE_TYPES = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
}
MAX_OTHERS = 3  # contacts of a company beyond those that are asked for
MAX_MESSAGE = 2000
MAX_MESSAGES = 10  # in a day, for one application


@dataclass(frozen=True)
class Field:
    """One field of a page.

    :ivar name: a field of ``res.partner``, or "state" for the name of a region
    :ivar kind: the type of the input, or "country"
    :ivar size: of the longest text that is taken
    :ivar autocomplete: the standard's name of what browsers may fill in
    """

    name: str
    kind: str = "text"
    size: int = 128
    required: bool = False
    autocomplete: str = "on"


_ADDRESS = (
    Field("street", autocomplete="address-line1"),
    Field("street2", autocomplete="address-line2"),
    Field("zip", size=24, autocomplete="postal-code"),
    Field("city", autocomplete="address-level2"),
    Field("state", autocomplete="address-level1"),
    Field("country_id", "country", autocomplete="country-name"),
)
COMPANY = (
    Field("name", required=True, autocomplete="organization"),
    Field("vat", size=32, autocomplete="off"),
    Field("email", "email", 254, autocomplete="off"),
    Field("phone", "tel", 32, autocomplete="off"),
    Field("website", size=254, autocomplete="off"),
    *_ADDRESS,
)
PERSON = (
    Field("name", required=True, autocomplete="name"),
    Field("email", "email", 254, required=True, autocomplete="email"),
    Field("phone", "tel", 32, autocomplete="tel"),
    *_ADDRESS,
)
CONTACT = (
    Field("name", required=True, autocomplete="off"),
    Field("email", "email", 254, required=True, autocomplete="off"),
    Field("phone", "tel", 32, autocomplete="off"),
    Field("function", autocomplete="off"),
)


def get_next(steps, step):
    """The page after ``step``, ``None`` after the last."""
    after = steps.index(step) + 1
    return steps[after] if after < len(steps) else None


def get_missing(steps, done):
    """The first page that was not filled in yet; the last of all is never done."""
    return next((step for step in steps if step not in done), steps[-1])


def clean(text, size):
    """What was typed into one line: without what is not printed, and no longer than
    ``size``.

    :return: ``(text, whether it was too long)``
    """
    text = "".join(char if char.isprintable() else " " for char in text or "")
    text = " ".join(text.split())
    return text[:size], len(text) > size


def clean_text(text, size):
    """The same for several lines."""
    text = (text or "")[: size * 4]
    lines = (clean(line, len(text))[0] for line in text.splitlines())
    text = "\n".join(lines).strip()
    return text[:size], len(text) > size


def is_address(email):
    """Whether it looks like one e-mail address: one @, a domain with a dot."""
    local, at, domain = (email or "").partition("@")
    labels = domain.split(".")
    return bool(
        at
        and local
        and len(local) <= 64
        and "@" not in domain
        and len(labels) > 1
        and all(
            label and label.replace("-", "").isalnum() and label[0] != "-"
            for label in labels
        )
        and not any(char in local for char in ' ,;:<>()[]"\\\t')
    )


def get_domain(email):
    """The domain of an e-mail address, in small letters."""
    return (email or "").rpartition("@")[2].strip().lower()


def get_stamp_problem(age):
    """What is wrong with the time that a page took.

    :param age: seconds, ``None`` when the stamp is not ours
    :return: "", "fast" or "old"
    """
    if age is None or age > SLOWEST:
        return "old"
    return "fast" if age < FASTEST else ""


def merge_people(blocks):
    """One person may be several: who has the same name and address is one.

    :param list blocks: dicts with "name", "email", "role" and "contact_type_id"
    :return: list of dicts with "roles": list of (role, contact type)
    """
    people = {}
    for block in blocks:
        key = (block["name"].casefold(), block["email"].casefold())
        person = people.setdefault(key, {**block, "roles": []})
        for name, value in block.items():
            if value and not person.get(name):
                person[name] = value
        role = [block["role"], block.get("contact_type_id") or False]
        if role not in person["roles"]:
            person["roles"].append(role)
    return list(people.values())
