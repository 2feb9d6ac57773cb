{#- What a mart makes of its rule columns. All four read the columns of the CTE they are used in. -#}

{#- EXCEPTION if any rule is true; else NOT_TESTABLE if a key rule is null (SQL's own `or`); else NOT_DUE if the control's due
    instant lies after the evidence cutoff (a due instant that is unknown is NOT_TESTABLE); else PASS. -#}
{% macro item_status(control_id, due_at=none) -%}
    {%- set columns = rule_columns(control_id) -%}
    case
        when {{ columns | map(attribute=0) | join(' or ') }} then 'EXCEPTION'
        when ({{ columns | selectattr(1, 'equalto', 'key') | map(attribute=0) | join(' or ') }}) is null then 'NOT_TESTABLE'
        {%- if due_at is not none %}
        when {{ due_at }} is null then 'NOT_TESTABLE'
        when {{ due_at }} > (select evidence_cutoff_at from {{ ref('int_engagement') }}) then 'NOT_DUE'
        {%- endif %}
        else 'PASS'
    end
{%- endmacro %}

{% macro rule_list(control_id, condition, except=[]) -%}
    nullif(concat_ws(
        ';'
        {%- for column, _ in rule_columns(control_id) if column not in except -%}
            , case when {{ condition | replace('rule', column) }} then '{{ column | upper }}' end
        {%- endfor -%}
    ), '')
{%- endmacro %}

{#- Bare rule names joined by `;` in the catalogue's order; null when there is none. -#}
{% macro rules_failed(control_id) %}{{ return(rule_list(control_id, 'rule')) }}{% endmacro %}

{% macro rules_not_testable(control_id) %}{{ return(rule_list(control_id, 'rule is null')) }}{% endmacro %}

{#- Reads `<rule>__applies` (non-null booleans) for every rule but those in `always`, which apply to every item. -#}
{% macro rules_not_applicable(control_id, always=[]) %}{{ return(rule_list(control_id, 'not rule__applies', always)) }}{% endmacro %}

{#- Body of an exceptions view: one row per item and failed rule. A severity escalates when the mart's column is true or unknown. -#}
{% macro exceptions_of(control_id, mart) -%}
with items as (

    select * from {{ mart }}

),

rules as (

    select * from {{ ref('exception_rules') }}
    where control_id = '{{ control_id }}' and effect = 'exception'

),

{% set rules = rules_by_control()[control_id] -%}
final as (

    select
        rules.control_id,
        rules.rule_id,
        items.item_key,
        {% if rules | map(attribute=2) | select | list -%}
        case
            when case rules.rule_column
                {%- for column, _, escalates_on in rules if escalates_on %}
                when '{{ column }}' then items.{{ escalates_on }} is not false
                {%- endfor %}
            end then rules.escalated_severity
            else rules.severity
        end as severity,
        {%- else -%}
        rules.severity,
        {%- endif %}
        items.occurred_at,
        rules.wording as description
    from items
    cross join rules
    where
        case rules.rule_column
            {%- for column, _, _ in rules %}
            when '{{ column }}' then items.{{ column }}
            {%- endfor %}
        end

)

select * from final
{%- endmacro %}

{#- Survives every rebuild. -#}
{% macro exception_id(rule_id, item_key) -%}
    'EX-' || left({{ sha256_hex("concat_ws('', " ~ rule_id ~ ", chr(31), " ~ item_key ~ ")") }}, 16)
{%- endmacro %}
