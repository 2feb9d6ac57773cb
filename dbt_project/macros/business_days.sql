{#- The n-th business day after a date, as a date; n = 0 gives the date itself or the last business day before it. Outside the calendar's years: null.
    Write the columns with their table: a bare name would be read inside the subquery. -#}
{% macro add_business_days(date, n, calendar) -%}
    (
        select max(later.day_on)
        from {{ ref('int_calendar_days') }} as earlier
        inner join {{ ref('int_calendar_days') }} as later
            on later.calendar = earlier.calendar and later.is_business_day and later.business_day_no = earlier.business_day_no + {{ n }}
        where earlier.calendar = {{ calendar }} and earlier.day_on = {{ date }}
    )
{%- endmacro %}
