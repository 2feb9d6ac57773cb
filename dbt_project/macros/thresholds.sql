{#- The threshold in force at the end of the period, or on `as_of` (a date expression) when given, as a scalar. -#}
{% macro threshold(control_id, parameter, as_of=none) -%}
    {%- if as_of is none -%}
    (select threshold.value from {{ ref('int_thresholds') }} as threshold where threshold.control_id = '{{ control_id }}' and threshold.parameter = '{{ parameter }}')
    {%- else -%}
    (
        select max(threshold.value)
        from {{ ref('int_threshold_versions') }} as threshold
        where
            threshold.control_id = '{{ control_id }}'
            and threshold.parameter = '{{ parameter }}'
            and (threshold.effective_from is null or threshold.effective_from <= {{ as_of }})
            and (threshold.effective_to is null or threshold.effective_to > {{ as_of }})
    )
    {%- endif -%}
{%- endmacro %}
