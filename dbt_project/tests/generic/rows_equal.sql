{#- As many rows as another model: a join neither lost nor multiplied any. -#}
{% test rows_equal(model, to) %}

select *
from (select count(*) as here from {{ model }}) as mine
cross join (select count(*) as there from {{ to }}) as theirs
where here <> there

{% endtest %}
