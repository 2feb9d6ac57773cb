{#-
    The vault's records as staging reads them. Only committed collections count; what an aborted run left behind is not seen.
-#}

{#- One row per record: the latest payload, and the earliest collection that carried it. `versions` counts distinct payloads:
    more than one is a restatement (rpt_collections, chk_restatements). Columns: instance, record_key, source_updated_at, payload,
    payload_sha256, collection_id, collected_at, versions. -#}
{% macro latest_records(schema, table) -%}
(
    with record_versions as (

        select
            collections.instance,
            records.record_key,
            records.payload_sha256,
            min(records.payload) as payload,
            max(records.source_updated_at) as source_updated_at,
            min_by(records.collection_id, collections.n) as collection_id,
            min_by(collections.collected_at, collections.n) as collected_at,
            max(collections.n) as last_n,
        from {{ source(schema, table) }} as records
        inner join {{ source('raw_ledger', 'collections') }} as collections
            on collections.collection_id = records.collection_id and collections.kind = 'committed'
        group by collections.instance, records.record_key, records.payload_sha256

    )

    select
        instance,
        record_key,
        source_updated_at,
        payload,
        payload_sha256,
        collection_id,
        collected_at,
        count(*) over (partition by instance, record_key) as versions,
    from record_versions
    qualify row_number() over (partition by instance, record_key order by last_n desc, source_updated_at desc nulls last, payload_sha256) = 1
)
{%- endmacro %}

{#-
    The history of a snapshot: one row per record and unbroken run of snapshots that showed the same payload (or, with
    by_payload=false, showed the record at all, with the run's last payload). Columns: instance, record_key, payload,
    collection_id and collected_at (of the run's first snapshot), seen_from, seen_to (first and last snapshot of the run),
    gone_at (the first complete snapshot after the run; null = still there at the last one).
    A snapshot that was not permitted or not available shows nothing and ends nothing.
-#}
{% macro record_intervals(schema, table, resource=none, by_payload=true) -%}
(
    with snapshots as (

        select
            instance,
            collection_id,
            collected_at,
            row_number() over (partition by instance order by collected_at, n) as snapshot_no,
        from {{ source('raw_ledger', 'collections') }}
        where
            source = '{{ schema | replace('raw_', '', 1) }}'
            and resource = '{{ resource or table }}'
            and kind = 'committed'
            and permission not in ('denied', 'not_available')

    ),

    sightings as (

        select
            snapshots.instance,
            records.record_key,
            {% if by_payload -%} records.payload_sha256, {%- endif %}
            snapshots.snapshot_no,
            min(snapshots.collection_id) as collection_id,
            min(snapshots.collected_at) as collected_at,
            max(records.payload) as payload,
            snapshots.snapshot_no - row_number() over (
                partition by snapshots.instance, records.record_key {%- if by_payload -%} , records.payload_sha256 {%- endif %}
                order by snapshots.snapshot_no
            ) as run_no,
        from {{ source(schema, table) }} as records
        inner join snapshots on snapshots.collection_id = records.collection_id
        group by snapshots.instance, records.record_key, {% if by_payload -%} records.payload_sha256, {%- endif %} snapshots.snapshot_no

    ),

    runs as (

        select
            instance,
            record_key,
            max_by(payload, snapshot_no) as payload,
            min_by(collection_id, snapshot_no) as collection_id,
            min(collected_at) as seen_from,
            max(collected_at) as seen_to,
            max(snapshot_no) as last_snapshot_no,
        from sightings
        group by instance, record_key, {% if by_payload -%} payload_sha256, {%- endif %} run_no

    )

    select
        runs.instance,
        runs.record_key,
        runs.payload,
        runs.collection_id,
        runs.seen_from as collected_at,
        runs.seen_from,
        runs.seen_to,
        later.collected_at as gone_at,
    from runs
    left join snapshots as later
        on later.instance = runs.instance and later.snapshot_no = runs.last_snapshot_no + 1
)
{%- endmacro %}
