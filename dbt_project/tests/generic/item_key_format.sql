{#- An item key is present and holds only what a file name, a URL and a ticket can carry. -#}
{% test item_key_format(model, column_name) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} is null or not {{ matches(column_name, '^[A-Za-z0-9][A-Za-z0-9._:/-]*$') }}

{% endtest %}
