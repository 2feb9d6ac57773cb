{#- Instants (`_at`, UTC) and dates (`_on`, in a named zone). -#}

{#- The type of an instant in casts; contracts write data_type: "{{ var('instant_type')[target.type] }}". -#}
{% macro instant_type() %}{{ return(var('instant_type')[target.type]) }}{% endmacro %}

{#- ISO 8601, also with an offset without its colon; text without an offset is UTC. Text that does not parse is null. -#}
{% macro text_to_instant(expression) %}{{ return(adapter.dispatch('text_to_instant', 'itgc')(expression)) }}{% endmacro %}
{% macro default__text_to_instant(expression) %}try_cast({{ expression }} as timestamptz){% endmacro %}
{% macro spark__text_to_instant(expression) -%}
    case when {{ expression }} rlike r'^\s*\d{4,}-\d{1,2}-\d{1,2}' then try_cast(regexp_replace({{ expression }}, r'([+-]\d{2})(\d{2})\s*$', '$1:$2') as timestamp) end
{%- endmacro %}

{% macro text_to_date(expression) %}{{ return(adapter.dispatch('text_to_date', 'itgc')(expression)) }}{% endmacro %}
{% macro default__text_to_date(expression) %}try_cast({{ expression }} as date){% endmacro %}
{% macro spark__text_to_date(expression) %}case when {{ expression }} rlike r'^\s*\d{4,}-\d{1,2}-\d{1,2}' then try_cast({{ expression }} as date) end{% endmacro %}

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
{% macro spark__zoned_text_to_instant(expression, zone, date_is_last_second) -%}
    case
        when {{ matches(expression, '(Z|[+-][0-9]{2}:?[0-9]{2})$') }} and length({{ expression }}) > 10 then {{ text_to_instant(expression) }}
        when length({{ expression }}) > 10 then {{ local_to_instant(text_to_instant(expression), zone) }}
        {%- if date_is_last_second %}
        when length({{ expression }}) = 10 then {{ local_to_instant(text_to_instant("concat(" ~ expression ~ ", ' 23:59:59')"), zone) }}
        {%- endif %}
    end
{%- endmacro %}

{#- The instant of a local time in a zone, on Spark: a time that daylight saving skips is as much later, of one that comes twice the second. -#}
{% macro local_to_instant(local_time, zone) -%}
    {%- set first = 'to_utc_timestamp(' ~ local_time ~ ', ' ~ zone ~ ')' -%}
    {%- set next_day = '(' ~ first ~ ' + interval 1 day)' -%}
    {%- set second = '(' ~ local_time ~ ' - (from_utc_timestamp(' ~ next_day ~ ', ' ~ zone ~ ') - ' ~ next_day ~ '))' -%}
    case when from_utc_timestamp({{ second }}, {{ zone }}) = {{ local_time }} then {{ second }} else {{ first }} end
{%- endmacro %}

{#- 20251101T043000Z, the form that keys use. -#}
{% macro instant_to_text(expression) %}{{ return(adapter.dispatch('instant_to_text', 'itgc')(expression)) }}{% endmacro %}
{% macro default__instant_to_text(expression) %}strftime({{ expression }}, '%Y%m%dT%H%M%SZ'){% endmacro %}
{% macro spark__instant_to_text(expression) %}concat(date_format({{ expression }}, 'yyyyMMdd'), 'T', date_format({{ expression }}, 'HHmmss'), 'Z'){% endmacro %}

{#- 2025-11-01 04:30:00+00, the form for people. -#}
{% macro instant_as_text(expression) %}{{ return(adapter.dispatch('instant_as_text', 'itgc')(expression)) }}{% endmacro %}
{% macro default__instant_as_text(expression) %}cast({{ expression }} as string){% endmacro %}
{% macro spark__instant_as_text(expression) %}concat(cast({{ expression }} as string), '+00'){% endmacro %}

{#- 20251101 -#}
{% macro date_to_text(expression) %}{{ return(adapter.dispatch('date_to_text', 'itgc')(expression)) }}{% endmacro %}
{% macro default__date_to_text(expression) %}strftime({{ expression }}, '%Y%m%d'){% endmacro %}
{% macro spark__date_to_text(expression) %}date_format({{ expression }}, 'yyyyMMdd'){% endmacro %}

{#- The first instant of a date in a zone. Of a midnight that comes twice the engines know the second: the minute before it tells the
    first. A midnight that is skipped is the first instant after it. -#}
{% macro start_of_day(date, zone) %}{{ return(adapter.dispatch('start_of_day', 'itgc')(date, zone)) }}{% endmacro %}
{% macro default__start_of_day(date, zone) -%}
    least(
        timezone({{ zone }}, cast({{ date }} as timestamp)),
        timezone({{ zone }}, cast({{ date }} as timestamp) - interval 1 minute) + interval 1 minute
    )
{%- endmacro %}
{% macro spark__start_of_day(date, zone) -%}
    least(
        {{ local_to_instant('cast(' ~ date ~ ' as timestamp)', zone) }},
        {{ local_to_instant('(cast(' ~ date ~ ' as timestamp) - interval 1 minute)', zone) }} + interval 1 minute
    )
{%- endmacro %}

{#- The first instant after a date: half-open intervals end here. -#}
{% macro end_of_day(date, zone) %}{{ return(start_of_day(add_days(date, 1), zone)) }}{% endmacro %}

{% macro local_date(instant, zone) %}{{ return(adapter.dispatch('local_date', 'itgc')(instant, zone)) }}{% endmacro %}
{% macro default__local_date(instant, zone) %}cast(timezone({{ zone }}, {{ instant }}) as date){% endmacro %}
{% macro spark__local_date(instant, zone) %}cast(from_utc_timestamp({{ instant }}, {{ zone }}) as date){% endmacro %}

{% macro add_days(date, days) %}{{ return(adapter.dispatch('add_days', 'itgc')(date, days)) }}{% endmacro %}
{% macro default__add_days(date, days) %}cast({{ date }} + to_days(cast({{ days }} as integer)) as date){% endmacro %}
{% macro spark__add_days(date, days) %}date_add({{ date }}, cast({{ days }} as integer)){% endmacro %}

{#- Elapsed time, daylight saving or not. -#}
{% macro add_seconds(instant, seconds) %}{{ return(adapter.dispatch('add_seconds', 'itgc')(instant, seconds)) }}{% endmacro %}
{% macro default__add_seconds(instant, seconds) %}({{ instant }} + to_seconds(cast({{ seconds }} as double))){% endmacro %}
{% macro spark__add_seconds(instant, seconds) %}timestamp_micros(unix_micros({{ instant }}) + cast(round(cast({{ seconds }} as double) * 1000000) as bigint)){% endmacro %}

{% macro seconds_between(earlier, later) %}{{ return(adapter.dispatch('seconds_between', 'itgc')(earlier, later)) }}{% endmacro %}
{% macro default__seconds_between(earlier, later) %}(epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1000000.0{% endmacro %}
{% macro spark__seconds_between(earlier, later) %}cast(unix_micros({{ later }}) - unix_micros({{ earlier }}) as double) / 1000000{% endmacro %}

{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between', 'itgc')(earlier, later)) }}{% endmacro %}
{% macro default__days_between(earlier, later) %}date_diff('day', {{ earlier }}, {{ later }}){% endmacro %}
{% macro spark__days_between(earlier, later) %}cast(datediff({{ later }}, {{ earlier }}) as bigint){% endmacro %}

{#- One row per date: column day_on. -#}
{% macro days(first, last) %}{{ return(adapter.dispatch('days', 'itgc')(first, last)) }}{% endmacro %}
{% macro default__days(first, last) %}(select cast(unnest(generate_series(cast({{ first }} as date), cast({{ last }} as date), interval 1 day)) as date) as day_on){% endmacro %}
{% macro spark__days(first, last) %}(select explode(sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 day)) as day_on){% endmacro %}

{#- 0 = Sunday … 6 = Saturday. -#}
{% macro day_of_week(date) %}{{ return(adapter.dispatch('day_of_week', 'itgc')(date)) }}{% endmacro %}
{% macro default__day_of_week(date) %}extract('dow' from {{ date }}){% endmacro %}
{% macro spark__day_of_week(date) %}cast(dayofweek({{ date }}) - 1 as bigint){% endmacro %}
