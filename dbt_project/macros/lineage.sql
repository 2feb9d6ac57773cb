{#- Rows and records of one raw table in the vault and of its staging model, per source instance. -#}
{% macro lineage_counts(source_name, table, staging) -%}
    select
        '{{ source_name }}' as source,
        vault.instance,
        '{{ table }}' as table_name,
        vault.vault_rows,
        vault.vault_distinct_keys,
        (
            select count(distinct staged.record_key) from {{ staging }} as staged
            where staged.instance = vault.instance
        ) as staging_rows
    from (
        select
            collections.instance,
            count(*) as vault_rows,
            count(distinct records.record_key) as vault_distinct_keys
        from {{ source('raw_' ~ source_name, table) }} as records
        inner join {{ source('raw_ledger', 'collections') }} as collections
            on collections.collection_id = records.collection_id and collections.kind = 'committed'
        group by collections.instance
    ) as vault
{%- endmacro %}

{#- Every sighting of the records of one table that were collected with more than one payload. -#}
{% macro changed_records(source_name, table, staging, kind='restated') -%}
    select
        '{{ source_name }}' as source,
        collections.instance,
        '{{ table }}' as table_name,
        records.record_key,
        '{{ kind }}' as kind,
        collections.n,
        records.source_updated_at,
        records.collection_id,
        collections.collected_at,
        records.payload_sha256,
        records.payload
    from {{ source('raw_' ~ source_name, table) }} as records
    inner join {{ source('raw_ledger', 'collections') }} as collections
        on collections.collection_id = records.collection_id and collections.kind = 'committed'
    inner join {{ staging }} as changed
        on changed.instance = collections.instance and changed.record_key = records.record_key and changed.versions > 1
{%- endmacro %}

{#- Lines of a register whose own date is earlier than the last collection of the register that did not hold them. -#}
{% macro back_dated_lines(table, staging, dates) -%}
    {%- for column, type in dates.items() %}
    select
        instance,
        '{{ table }}' as table_name,
        record_key,
        '{{ column }}' as field,
        {{ 'cast(' ~ column ~ ' as string)' if type == 'date' else instant_as_text(column) }} as value,
        {{ column if type == 'date' else local_date(column, "(select zone from " ~ ref('int_engagement') ~ ")") }} as dated_on,
        first_collected_at,
        payload_sha256
    from {{ staging }}
    where {{ column }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- Records of a table whose records never change at the source. -#}
{% macro record_counts(source_name, table, staging) -%}
    select
        '{{ source_name }}' as source,
        instance,
        '{{ table }}' as table_name,
        count(*) as records
    from {{ staging }}
    group by instance
{%- endmacro %}
