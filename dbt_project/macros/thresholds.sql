{#- The threshold in force on a date (an expression, written with its table), as a scalar. -#}
{% macro threshold(control_id, parameter, as_of) -%}
    (
        select max(threshold.value)
        from {{ ref('int_threshold_versions') }} as threshold
        where
            threshold.control_id = '{{ control_id }}'
            and threshold.parameter = '{{ parameter }}'
            and (threshold.effective_from is null or threshold.effective_from <= {{ as_of }})
            and (threshold.effective_to is null or threshold.effective_to > {{ as_of }})
    )
{%- endmacro %}
