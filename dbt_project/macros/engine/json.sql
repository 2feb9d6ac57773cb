{#- Values out of a JSON text column. A missing path, a JSON null and text that does not parse as the type are null. -#}

{% macro json_text(column, path) %}{{ return(adapter.dispatch('json_text', 'itgc')(column, path)) }}{% endmacro %}
{% macro default__json_text(column, path) %}json_extract_string({{ column }}, '{{ path }}'){% endmacro %}
{% macro spark__json_text(column, path) %}get_json_object({{ column }}, '{{ path }}'){% endmacro %}

{#- A relation with a text column more for each path (name → path). Where a table is large: the engine reads every document once,
    and once for every json_text. -#}
{% macro json_texts(relation, column, paths) %}{{ return(adapter.dispatch('json_texts', 'itgc')(relation, column, paths)) }}{% endmacro %}
{% macro default__json_texts(relation, column, paths) -%}
    (
        select
            * exclude (texts)
            {%- for name in paths %},
            texts[{{ loop.index }}] as {{ name }}
            {%- endfor %}
        from (select *, json_extract_string({{ column }}, ['{{ paths.values() | join("', '") }}']) as texts from {{ relation }}) as documents
    )
{%- endmacro %}
{% macro spark__json_texts(relation, column, paths) -%}
    (
        select
            *
            {%- for name, path in paths.items() %},
            {{ json_text(column, path) }} as {{ name }}
            {%- endfor %}
        from {{ relation }}
    )
{%- endmacro %}

{% macro json_bigint(column, path) %}{{ text_to_bigint(json_text(column, path)) }}{% endmacro %}

{#- A fraction is rounded. -#}
{% macro text_to_bigint(expression) %}{{ return(adapter.dispatch('text_to_bigint', 'itgc')(expression)) }}{% endmacro %}
{% macro default__text_to_bigint(expression) %}try_cast({{ expression }} as bigint){% endmacro %}
{% macro spark__text_to_bigint(expression) %}try_cast(round(try_cast({{ expression }} as decimal(38, 9))) as bigint){% endmacro %}

{% macro json_double(column, path) %}try_cast({{ json_text(column, path) }} as double){% endmacro %}

{% macro json_bool(column, path) %}try_cast({{ json_text(column, path) }} as boolean){% endmacro %}

{#- The first ten characters, so that an instant's own date can be read too; '0000-00-00' is null. -#}
{% macro json_date(column, path) %}{{ text_to_date('left(' ~ json_text(column, path) ~ ', 10)') }}{% endmacro %}

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
{% macro spark__json_items(column, path, alias) -%}
    cross join lateral (
        select
            element.item,
            cast(element.item_no + 1 as bigint) as item_no
        from (select posexplode(from_json({{ json_text(column, path) }}, 'array<string>')) as (item_no, item)) as element
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
{% macro spark__text_items(column, separator, alias) -%}
    cross join lateral (
        select {{ trimmed('parts.part') }} as item
        from (select explode(split({{ column }}, '[{{ separator }}]')) as part) as parts
        where {{ trimmed('parts.part') }} <> ''
    ) as {{ alias }}
{%- endmacro %}

{#- A relation: one row per value inside the JSON documents of a column, whatever its depth, with the row's key (a column's name):
    field (`actor.login`, `rules[0].type`) and value (text; a JSON null, an empty list and an empty object as JSON). -#}
{% macro json_leaves(relation, key, column) %}{{ return(adapter.dispatch('json_leaves', 'itgc')(relation, key, column)) }}{% endmacro %}
{% macro default__json_leaves(relation, key, column) -%}
    (
        select
            documents.{{ key }},
            substr(leaf.fullkey, 3) as field,
            coalesce(leaf.atom ->> '$', cast(leaf.value as string)) as value
        from {{ relation }} as documents
        cross join lateral json_tree(documents.{{ column }}) as leaf
        where leaf.type not in ('OBJECT', 'ARRAY') or leaf.value in ('{}', '[]')
    )
{%- endmacro %}
{% macro spark__json_leaves(relation, key, column) -%}
    (
        with recursive nodes as (

            select {{ key }}, '$' as path, parse_json({{ column }}) as node
            from {{ relation }}
            union all
            select
                nodes.{{ key }},
                concat_ws(
                    '', nodes.path,
                    case when child.key is null then concat_ws('', '[', child.pos, ']') else concat_ws('', '.', child.key) end
                ) as path,
                child.value as node
            from nodes
            cross join lateral variant_explode(nodes.node) as child

        )

        select {{ key }}, substr(path, 3) as field, coalesce(cast(node as string), 'null') as value
        from nodes
        where schema_of_variant(node) not rlike '^(OBJECT|ARRAY)<' or to_json(node) in ('{}', '[]')
    )
{%- endmacro %}
