{#- Rows and records of one raw table in the vault and of its staging model, per source instance. -#}
{% macro lineage_counts(source_name, table, staging) -%}
    select
        '{{ source_name }}' as source,
        collections.instance,
        '{{ table }}' as table_name,
        count(*) as vault_rows,
        count(distinct records.record_key) as vault_distinct_keys,
        (
            select count(distinct staged.record_key) from {{ staging }} as staged
            where staged.instance = collections.instance
        ) as staging_rows,
    from {{ source('raw_' ~ source_name, table) }} as records
    inner join {{ source('raw_ledger', 'collections') }} as collections
        on collections.collection_id = records.collection_id and collections.kind = 'committed'
    group by collections.instance
{%- endmacro %}

{#- Records of a table whose records never change at the source, and how many of them did. -#}
{% macro restatement_counts(source_name, table, staging) -%}
    select
        '{{ source_name }}' as source,
        instance,
        '{{ table }}' as table_name,
        count(*) as records,
        count(*) filter (where versions > 1) as restated,
    from {{ staging }}
    group by instance
{%- endmacro %}
