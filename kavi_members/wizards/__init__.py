from . import (
    base_partner_merge,
    kavi_membership_act_wizard,
    kavi_membership_add_wizard,
    kavi_membership_dates_wizard,
    kavi_membership_decide_wizard,
    kavi_membership_decide_wizard_line,
    kavi_membership_replace_wizard,
    kavi_membership_use_wizard,
)
