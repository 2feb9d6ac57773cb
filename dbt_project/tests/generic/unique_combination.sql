{#- No two rows share these columns' values; nulls count as values, so that a broken key cannot hide. -#}
{% test unique_combination(model, columns) %}

select {{ columns | join(', ') }}, count(*) as duplicates
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
