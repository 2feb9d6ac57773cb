{#- Whether a termination type says that it was involuntary; null for a type that is not familiar. -#}
{% macro is_involuntary(termination_type) -%}
    case
        when {{ lower_case(termination_type) }} like '%involuntary%' then true
        when {{ matches(lower_case(termination_type), 'voluntary|resign|retire|death|deceased') }} then false
    end
{%- endmacro %}
