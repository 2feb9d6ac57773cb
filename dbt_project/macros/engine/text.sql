{#- Lower-case hex SHA-256 of a text's UTF-8 bytes. -#}
{% macro sha256_hex(expression) %}{{ return(adapter.dispatch('sha256_hex', 'itgc')(expression)) }}{% endmacro %}
{% macro default__sha256_hex(expression) %}sha256({{ expression }}){% endmacro %}

{#- Distinct non-null values of a group, sorted, joined by a separator; null when there is none. -#}
{% macro sorted_list(expression, separator=';') %}{{ return(adapter.dispatch('sorted_list', 'itgc')(expression, separator)) }}{% endmacro %}
{% macro default__sorted_list(expression, separator) %}array_to_string(list_sort(array_agg(distinct {{ expression }}) filter (where {{ expression }} is not null)), '{{ separator }}'){% endmacro %}

{% macro matches(expression, pattern) %}{{ return(adapter.dispatch('matches', 'itgc')(expression, pattern)) }}{% endmacro %}
{% macro default__matches(expression, pattern) %}regexp_matches({{ expression }}, '{{ pattern }}'){% endmacro %}

{#- The first group of the first match; null without a match. -#}
{% macro text_match(expression, pattern) %}{{ return(adapter.dispatch('text_match', 'itgc')(expression, pattern)) }}{% endmacro %}
{% macro default__text_match(expression, pattern) %}nullif(regexp_extract({{ expression }}, '{{ pattern }}', 1), ''){% endmacro %}

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

{#- A number as people write it: 90, not 90.0. -#}
{% macro number_to_text(expression) -%}
    case when {{ expression }} = floor({{ expression }}) then cast(cast({{ expression }} as bigint) as string) else cast({{ expression }} as string) end
{%- endmacro %}

{% macro strip_accents(expression) %}{{ return(adapter.dispatch('strip_accents', 'itgc')(expression)) }}{% endmacro %}
{% macro default__strip_accents(expression) %}strip_accents({{ expression }}){% endmacro %}

{#- A name as it is compared: lower case, no accents, no blanks, dots, hyphens, underscores or apostrophes. -#}
{% macro name_key(expression) %}lower({{ strip_accents("translate(" ~ expression ~ ", ' .-_''', '')") }}){% endmacro %}
