{#- Instants (`_at`, UTC) and dates (`_on`, in a named zone). -#}

{#- The type of an instant in casts; contracts write data_type: "{{ var('instant_type') }}". -#}
{% macro instant_type() %}{{ return(adapter.dispatch('instant_type', 'itgc')()) }}{% endmacro %}
{% macro default__instant_type() %}timestamptz{% endmacro %}

{% macro text_to_instant(expression) %}try_cast({{ expression }} as {{ instant_type() }}){% endmacro %}

{% macro null_instant() %}cast(null as {{ instant_type() }}){% endmacro %}

{#- An instant or a local time of the zone: text that ends in Z or an offset is an instant, other text is local. A date alone is
    no instant, unless date_is_last_second (then the last second of that day). -#}
{% macro zoned_text_to_instant(expression, zone, date_is_last_second=false) -%}
    {{ return(adapter.dispatch('zoned_text_to_instant', 'itgc')(expression, zone, date_is_last_second)) }}
{%- endmacro %}
{% macro default__zoned_text_to_instant(expression, zone, date_is_last_second) -%}
    case
        when {{ matches(expression, '(Z|[+-][0-9]{2}:?[0-9]{2})$') }} and length({{ expression }}) > 10 then {{ text_to_instant(expression) }}
        when length({{ expression }}) > 10 then timezone({{ zone }}, try_cast({{ expression }} as timestamp))
        {%- if date_is_last_second %}
        when length({{ expression }}) = 10 then timezone({{ zone }}, try_cast(concat({{ expression }}, ' 23:59:59') as timestamp))
        {%- endif %}
    end
{%- endmacro %}

{#- 20251101T043000Z, the form that keys use. -#}
{% macro instant_to_text(expression) %}{{ return(adapter.dispatch('instant_to_text', 'itgc')(expression)) }}{% endmacro %}
{% macro default__instant_to_text(expression) %}strftime({{ expression }}, '%Y%m%dT%H%M%SZ'){% endmacro %}

{#- 20251101 -#}
{% macro date_to_text(expression) %}{{ return(adapter.dispatch('date_to_text', 'itgc')(expression)) }}{% endmacro %}
{% macro default__date_to_text(expression) %}strftime({{ expression }}, '%Y%m%d'){% endmacro %}

{#- The instant at which a date begins in a zone; a midnight that daylight saving skips is the first instant after it. -#}
{% macro start_of_day(date, zone) %}{{ return(adapter.dispatch('start_of_day', 'itgc')(date, zone)) }}{% endmacro %}
{% macro default__start_of_day(date, zone) %}timezone({{ zone }}, cast({{ date }} as timestamp)){% endmacro %}

{#- The first instant after a date: half-open intervals end here. -#}
{% macro end_of_day(date, zone) %}{{ return(start_of_day(add_days(date, 1), zone)) }}{% endmacro %}

{% macro local_date(instant, zone) %}{{ return(adapter.dispatch('local_date', 'itgc')(instant, zone)) }}{% endmacro %}
{% macro default__local_date(instant, zone) %}cast(timezone({{ zone }}, {{ instant }}) as date){% endmacro %}

{% macro add_days(date, days) %}{{ return(adapter.dispatch('add_days', 'itgc')(date, days)) }}{% endmacro %}
{% macro default__add_days(date, days) %}cast({{ date }} + to_days(cast({{ days }} as integer)) as date){% endmacro %}

{#- Elapsed time, daylight saving or not. -#}
{% macro add_seconds(instant, seconds) %}{{ return(adapter.dispatch('add_seconds', 'itgc')(instant, seconds)) }}{% endmacro %}
{% macro default__add_seconds(instant, seconds) %}({{ instant }} + to_seconds(cast({{ seconds }} as double))){% endmacro %}

{% macro seconds_between(earlier, later) %}{{ return(adapter.dispatch('seconds_between', 'itgc')(earlier, later)) }}{% endmacro %}
{% macro default__seconds_between(earlier, later) %}(epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1000000.0{% endmacro %}

{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between', 'itgc')(earlier, later)) }}{% endmacro %}
{% macro default__days_between(earlier, later) %}date_diff('day', {{ earlier }}, {{ later }}){% endmacro %}

{#- One row per date: column day_on. -#}
{% macro days(first, last) %}{{ return(adapter.dispatch('days', 'itgc')(first, last)) }}{% endmacro %}
{% macro default__days(first, last) %}(select cast(unnest(generate_series(cast({{ first }} as date), cast({{ last }} as date), interval 1 day)) as date) as day_on){% endmacro %}

{#- 0 = Sunday … 6 = Saturday. -#}
{% macro day_of_week(date) %}{{ return(adapter.dispatch('day_of_week', 'itgc')(date)) }}{% endmacro %}
{% macro default__day_of_week(date) %}extract('dow' from {{ date }}){% endmacro %}
