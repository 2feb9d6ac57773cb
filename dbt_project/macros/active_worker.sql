{#- Whether a person was an active worker at an instant: true, false, or null when the person is unknown or the HRIS contradicts
    itself about that instant or was last collected before it. Write both with their table: a bare name would be read inside the subquery. -#}
{% macro is_active_worker(person, instant) -%}
    {%- if '.' not in person or '.' not in instant -%}
        {{ exceptions.raise_compiler_error("is_active_worker: write the table before the column: " ~ person ~ ", " ~ instant) }}
    {%- endif -%}
    case
        when {{ person }} is null or {{ instant }} is null then null
        when exists (
            select 1 from {{ ref('int_employment_spells') }} as spell
            where
                spell.person_id = {{ person }}
                and spell.active_from <= {{ instant }}
                and ({{ instant }} < spell.active_to or (spell.active_to is null and coalesce({{ instant }} <= spell.observed_until, true)))
                and ({{ instant }} < spell.contested_from or spell.contested_from is null)
        ) then true
        when exists (
            select 1 from {{ ref('int_employment_spells') }} as spell
            where
                spell.person_id = {{ person }}
                and (spell.contested_from <= {{ instant }} or (spell.active_to is null and spell.observed_until < {{ instant }}))
        ) then null
        else false
    end
{%- endmacro %}
