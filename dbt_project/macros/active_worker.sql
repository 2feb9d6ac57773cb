{#- Whether a person was an active worker at an instant: true, false, or null when the person is unknown or the HRIS contradicts
    itself about that instant. -#}
{% macro is_active_worker(person, instant) -%}
    case
        when {{ person }} is null or {{ instant }} is null then null
        when exists (
            select 1 from {{ ref('int_employment_spells') }} as spell
            where
                spell.person_id = {{ person }}
                and spell.active_from <= {{ instant }}
                and ({{ instant }} < spell.active_to or spell.active_to is null)
                and ({{ instant }} < spell.contested_from or spell.contested_from is null)
        ) then true
        when exists (
            select 1 from {{ ref('int_employment_spells') }} as spell
            where spell.person_id = {{ person }} and spell.contested_from <= {{ instant }}
        ) then null
        else false
    end
{%- endmacro %}
