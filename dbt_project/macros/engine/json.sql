{#- Values out of a JSON text column. A missing path, a JSON null and text that does not parse as the type are null. -#}

{% macro json_text(column, path) %}{{ return(adapter.dispatch('json_text', 'itgc')(column, path)) }}{% endmacro %}
{% macro default__json_text(column, path) %}json_extract_string({{ column }}, '{{ path }}'){% endmacro %}

{% macro json_bigint(column, path) %}try_cast({{ json_text(column, path) }} as bigint){% endmacro %}

{% macro json_double(column, path) %}try_cast({{ json_text(column, path) }} as double){% endmacro %}

{% macro json_bool(column, path) %}try_cast({{ json_text(column, path) }} as boolean){% endmacro %}

{#- The first ten characters, so that an instant's own date can be read too; '0000-00-00' is null. -#}
{% macro json_date(column, path) %}try_cast(left({{ json_text(column, path) }}, 10) as date){% endmacro %}

{#- An ISO 8601 instant; text without an offset is UTC. -#}
{% macro json_timestamp(column, path) %}{{ text_to_instant(json_text(column, path)) }}{% endmacro %}

{#- A join that makes one row per element of the JSON array at `path`:
    `from source {{ json_items('source.payload', '$.approvers', 'approver') }}` gives approver.item (text; objects as JSON)
    and approver.item_no (from 1). No array or an empty one gives no row. -#}
{% macro json_items(column, path, alias='items') %}{{ return(adapter.dispatch('json_items', 'itgc')(column, path, alias)) }}{% endmacro %}
{% macro default__json_items(column, path, alias) -%}
    cross join lateral (
        select
            unnest(json_extract_string({{ column }}, '{{ path }}[*]')) as item,
            generate_subscripts(json_extract_string({{ column }}, '{{ path }}[*]'), 1) as item_no
    ) as {{ alias }}
{%- endmacro %}

{#- Like json_items for a text of parts joined by a separator; blanks around a part are dropped. -#}
{% macro text_items(column, separator=';', alias='items') %}{{ return(adapter.dispatch('text_items', 'itgc')(column, separator, alias)) }}{% endmacro %}
{% macro default__text_items(column, separator, alias) -%}
    cross join lateral (
        select trim(part) as item
        from (select unnest(string_split({{ column }}, '{{ separator }}')) as part) as parts
        where trim(part) <> ''
    ) as {{ alias }}
{%- endmacro %}

{#- Like json_items: one row per value inside a JSON document, whatever its depth: leaf.field (`actor.login`, `rules[0].type`) and
    leaf.value (text; a JSON null, an empty list and an empty object as JSON). -#}
{% macro json_leaves(column, alias='leaf') %}{{ return(adapter.dispatch('json_leaves', 'itgc')(column, alias)) }}{% endmacro %}
{% macro default__json_leaves(column, alias) -%}
    cross join lateral (
        select
            substr(fullkey, 3) as field,
            coalesce(atom ->> '$', cast(value as string)) as value
        from json_tree({{ column }})
        where type not in ('OBJECT', 'ARRAY') or value in ('{}', '[]')
    ) as {{ alias }}
{%- endmacro %}
