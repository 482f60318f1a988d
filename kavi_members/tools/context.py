"""Context keys of members, each with a Private value unless it says otherwise (see
kavi_billing's ``tools/context.py``):

    kavi_bill_is_shown   the form shows the bill that is raised: no mail about it
    kavi_decision        for display: what a window proposes for those who wait
    kavi_member_act      for display: the act for which a window is opened
"""
