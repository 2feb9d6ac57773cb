{#-
    The one list of rules per control: (rule column, role, boolean column of the mart that escalates the severity, or none),
    in the catalogue's order. A null of a key rule makes the item NOT_TESTABLE; a null of a supplementary rule is disclosed.
    tests/dbt/test_catalogue_drift.py ties this list to exception_rules.csv, the marts and the exceptions views.
-#}
{% macro rules_by_control() %}
    {% do return({
        'LA-01': [
            ('orphan', 'key', none),
            ('shared', 'key', none),
            ('dormant', 'key', none),
            ('no_owner', 'key', none),
            ('local_bypass', 'key', 'is_privileged'),
            ('guest_no_sponsor', 'key', none),
        ],
        'LA-03': [
            ('no_approval', 'key', none),
            ('self_approved', 'key', none),
            ('unauthorised_approver', 'key', none),
            ('approver_inactive', 'key', none),
            ('late_approval', 'key', 'is_privileged'),
            ('excess', 'key', none),
            ('stale_approval', 'supplementary', none),
            ('birthright_invalid', 'key', none),
            ('expired_grant', 'key', none),
            ('approver_is_implementer', 'supplementary', none),
        ],
        'LA-04': [
            ('not_removed', 'key', none),
            ('late', 'key', 'is_late_high'),
            ('activity_after', 'key', none),
            ('reactivated', 'key', none),
            ('token_left', 'key', none),
            ('contract_ended', 'key', none),
            ('hr_late', 'key', none),
            ('suspended_only', 'supplementary', none),
            ('shared_secret_not_rotated', 'supplementary', none),
        ],
        'CM-01': [
            ('no_pr', 'key', none),
            ('no_approval', 'key', none),
            ('self_approval', 'key', none),
            ('stale_approval', 'key', none),
            ('bot_approval', 'key', none),
            ('dismissed', 'key', none),
            ('changes_requested_outstanding', 'key', none),
            ('insufficient_approvals', 'key', none),
            ('unauth_approver', 'key', none),
            ('inactive_approver', 'key', none),
            ('late_approval', 'key', none),
            ('force_push', 'key', none),
            ('bypass', 'supplementary', 'is_unreviewed'),
            ('merger_not_permitted', 'supplementary', none),
            ('no_authorised_request', 'supplementary', none),
        ],
        'CM-02': [
            ('no_required_test', 'key', none),
            ('no_check', 'key', none),
            ('not_success', 'key', none),
            ('skipped_neutral', 'key', none),
            ('rerun_after', 'key', none),
            ('wrong_sha', 'key', none),
            ('check_removed', 'supplementary', none),
            ('deploy_untested', 'supplementary', none),
        ],
    }) %}
{% endmacro %}

{#- [(rule column, role), …] of a control. -#}
{% macro rule_columns(control_id) %}
    {% set columns = [] %}
    {% for column, role, _ in rules_by_control()[control_id] %}{% do columns.append((column, role)) %}{% endfor %}
    {% do return(columns) %}
{% endmacro %}
