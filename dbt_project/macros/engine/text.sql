{#- Lower-case hex SHA-256 of a text's UTF-8 bytes. -#}
{% macro sha256_hex(expression) %}{{ return(adapter.dispatch('sha256_hex', 'itgc')(expression)) }}{% endmacro %}
{% macro default__sha256_hex(expression) %}sha256({{ expression }}){% endmacro %}
{% macro spark__sha256_hex(expression) %}sha2({{ expression }}, 256){% endmacro %}

{#- Distinct non-null values of a group, sorted, joined by a separator; null when there is none. -#}
{% macro sorted_list(expression, separator=';') %}{{ return(adapter.dispatch('sorted_list', 'itgc')(expression, separator)) }}{% endmacro %}
{% macro default__sorted_list(expression, separator) %}array_to_string(list_sort(array_agg(distinct {{ expression }}) filter (where {{ expression }} is not null)), '{{ separator }}'){% endmacro %}
{% macro spark__sorted_list(expression, separator) -%}
    case when count({{ expression }}) > 0 then array_join(transform(array_sort(collect_set({{ expression }})), item -> cast(item as string)), '{{ separator }}') end
{%- endmacro %}

{% macro matches(expression, pattern) %}{{ return(adapter.dispatch('matches', 'itgc')(expression, pattern)) }}{% endmacro %}
{% macro default__matches(expression, pattern) %}regexp_matches({{ expression }}, '{{ pattern }}'){% endmacro %}
{% macro spark__matches(expression, pattern) %}({{ expression }} rlike {{ java_pattern(pattern) }}){% endmacro %}

{#- A pattern as Java reads it: `$` is the very end, a line feed alone ends a line. -#}
{% macro java_pattern(pattern) %}r'(?d){{ pattern | replace('$', '\\z') }}'{% endmacro %}

{#- The first group of the first match; null without a match. -#}
{% macro text_match(expression, pattern) %}{{ return(adapter.dispatch('text_match', 'itgc')(expression, pattern)) }}{% endmacro %}
{% macro default__text_match(expression, pattern) %}nullif(regexp_extract({{ expression }}, '{{ pattern }}', 1), ''){% endmacro %}
{% macro spark__text_match(expression, pattern) %}nullif(regexp_extract({{ expression }}, {{ java_pattern(pattern) }}, 1), ''){% endmacro %}

{#- Whether a path matches a shell pattern that is a column: `?` and `*` stay within one part of the path, `**/` stands for any
    number of parts, `[ab]` and `[!ab]` are classes, every other character is itself. A pattern with a lone bracket matches nothing. -#}
{% macro matches_glob(expression, pattern) %}{{ return(adapter.dispatch('matches_glob', 'itgc')(expression, pattern)) }}{% endmacro %}
{% macro default__matches_glob(expression, pattern) -%}
    regexp_full_match(
        {{ expression }},
        case
            when not regexp_full_match({{ pattern }}, '[^\[\]]*(\[[^\[\]]+\][^\[\]]*)*') then '[^\s\S]'
            else replace(replace(replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(regexp_replace({{ pattern }}, '([.+(){}|$\\])', '\\\1', 'g'), '\[[!^]', '[^/', 'g'),
                        '(^|/)([*][*]/)+', '\1' || chr(1), 'g'
                    ),
                    '[*]+', chr(2), 'g'
                ),
                '?', '[^/]'), chr(1), '([^/]+/)*'), chr(2), '[^/]*')
        end
    )
{%- endmacro %}

{% macro spark__matches_glob(expression, pattern) -%}
    {{ expression }} rlike concat(
        r'(?s)\A(',
        case
            when not {{ pattern }} rlike r'(?s)\A[^\[\]]*(\[[^\[\]]+\][^\[\]]*)*\z' then r'[^\s\S]'
            else replace(replace(replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(regexp_replace({{ pattern }}, r'([.+(){}|$\\])', r'\\$1'), r'\[[!^]', '[^/'),
                        '(^|/)([*][*]/)+', concat('$1', chr(1))
                    ),
                    '[*]+', chr(2)
                ),
                '?', '[^/]'), chr(1), '([^/]+/)*'), chr(2), '[^/]*')
        end,
        r')\z'
    )
{%- endmacro %}

{% macro starts_with(expression, prefix) %}{{ return(adapter.dispatch('starts_with', 'itgc')(expression, prefix)) }}{% endmacro %}
{% macro default__starts_with(expression, prefix) %}starts_with({{ expression }}, {{ prefix }}){% endmacro %}
{% macro spark__starts_with(expression, prefix) %}startswith({{ expression }}, {{ prefix }}){% endmacro %}

{#- Without the blanks around it, whatever kind of blank. -#}
{% macro trimmed(expression) %}{{ return(adapter.dispatch('trimmed', 'itgc')(expression)) }}{% endmacro %}
{% macro default__trimmed(expression) %}trim({{ expression }}){% endmacro %}
{% macro spark__trimmed(expression) %}regexp_replace({{ expression }}, r'^\p{Zs}+|\p{Zs}+$', ''){% endmacro %}

{#- A number as people write it: 90, not 90.0. -#}
{% macro number_to_text(expression) -%}
    case when {{ expression }} = floor({{ expression }}) then cast(cast({{ expression }} as bigint) as string) else cast({{ expression }} as string) end
{%- endmacro %}

{#- A name as it is compared: lower case, no accents, no blanks, dots, hyphens, underscores or apostrophes. -#}
{% macro name_key(expression) %}{{ lower_case(strip_accents("translate(" ~ expression ~ ", ' .-_''', '')")) }}{% endmacro %}

{#- The value of a group's row with the greatest or the least of another value; rows without either do not count. -#}
{% macro max_by(value, by) %}{{ return(adapter.dispatch('max_by', 'itgc')(value, by)) }}{% endmacro %}
{% macro default__max_by(value, by) %}max_by({{ value }}, {{ by }}){% endmacro %}
{% macro spark__max_by(value, by) %}max_by({{ value }}, {{ by }}) filter (where ({{ value }}) is not null){% endmacro %}

{% macro min_by(value, by) %}{{ return(adapter.dispatch('min_by', 'itgc')(value, by)) }}{% endmacro %}
{% macro default__min_by(value, by) %}min_by({{ value }}, {{ by }}){% endmacro %}
{% macro spark__min_by(value, by) %}min_by({{ value }}, {{ by }}) filter (where ({{ value }}) is not null){% endmacro %}

{#- In a window: the first value that is not null. -#}
{% macro first_known(value) %}{{ return(adapter.dispatch('first_known', 'itgc')(value)) }}{% endmacro %}
{% macro default__first_known(value) %}first_value({{ value }} ignore nulls){% endmacro %}
{% macro spark__first_known(value) %}first_value({{ value }}) ignore nulls{% endmacro %}

{#- A column whose name is a word of the language. -#}
{% macro quoted(name) %}{{ adapter.quote(name) }}{% endmacro %}
