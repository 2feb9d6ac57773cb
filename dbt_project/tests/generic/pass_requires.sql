{#- No item passes unless the condition holds; unknown is never PASS. -#}
{% test pass_requires(model, condition) %}

select item_key, status
from {{ model }}
where status = 'PASS' and ({{ condition }}) is not true

{% endtest %}
