{#- A mart's status and lists agree with its rule columns: re-performed from the columns as they stand. -#}
{% test status_follows_rules(model, control_id) %}

{%- set columns = rule_columns(control_id) %}

select item_key, status, rules_failed, rules_not_testable
from {{ model }}
where
    (status = 'EXCEPTION') is distinct from (coalesce({{ columns | map(attribute=0) | join(', false) or coalesce(') }}, false))
    or (status = 'PASS' and ({{ columns | selectattr(1, 'equalto', 'key') | map(attribute=0) | join(' or ') }}) is null)
    or status not in ('EXCEPTION', 'NOT_TESTABLE', 'NOT_DUE', 'PASS')
    or status is null
    or rules_failed is distinct from {{ rules_failed(control_id) }}
    or rules_not_testable is distinct from {{ rules_not_testable(control_id) }}

{% endtest %}
