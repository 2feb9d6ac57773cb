{#- Half-open intervals of one key never overlap and never end before they begin; a null end is open. -#}
{% test no_overlap(model, key, valid_from, valid_to) %}

with intervals as (

    select
        {{ key | join(', ') }},
        {{ valid_from }} as valid_from,
        {{ valid_to }} as valid_to,
        lead({{ valid_from }}) over (partition by {{ key | join(', ') }} order by {{ valid_from }} nulls last, {{ valid_to }} nulls last) as next_from
    from {{ model }}

)

select * from intervals
where valid_from is null or valid_to < valid_from or next_from < valid_to or (valid_to is null and next_from is not null)

{% endtest %}
