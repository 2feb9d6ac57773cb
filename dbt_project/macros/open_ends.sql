{#- An end or a beginning that is open as an instant, so that the condition stays a comparison: an outer join with an `or` in its
    condition compares every row of one side with every row of the other, on both engines. -#}

{% macro or_for_ever(instant) %}coalesce({{ instant }}, cast('9999-12-31T00:00:00Z' as {{ instant_type() }})){% endmacro %}

{% macro or_since_ever(instant) %}coalesce({{ instant }}, cast('0001-01-01T00:00:00Z' as {{ instant_type() }})){% endmacro %}
