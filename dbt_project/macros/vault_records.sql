{#-
    The vault's records as staging reads them. Only committed collections count; what an aborted run left behind is not seen.
-#}

{#- Committed collections with the instant at which the next one of the same instance and resource was taken. A snapshot that
    was not permitted or not available shows nothing and ends nothing. -#}
{% macro committed_collections() -%}
    select
        n,
        collection_id,
        source,
        instance,
        resource,
        collected_at,
        permission not in ('denied', 'not_available') as is_complete,
        lead(collected_at) over (
            partition by source, instance, resource, permission not in ('denied', 'not_available') order by collected_at nulls last, n nulls last
        ) as next_collected_at
    from {{ source('raw_ledger', 'collections') }}
    where kind = 'committed'
{%- endmacro %}

{#-
    One row per record: the latest payload, and the earliest collection that carried it. Columns: instance, record_key,
    source_updated_at, payload, payload_sha256, collection_id, collected_at, first_collected_at (of any payload of the record),
    gone_at (snapshots: the first later one without the record; null = still there), versions (distinct payloads: more than one
    is a restatement, counted in chk_restatements).

    A record that was collected once is passed on as it stands; only what was collected again is compared. So an event log,
    where little is, is read in a stream, whatever its size.
-#}
{% macro latest_records(schema, table) -%}
(
    with collections as (

        {{ committed_collections() }}

    ),

    sightings as (

        select
            collections.instance,
            collections.n,
            records.record_key,
            records.payload_sha256,
            records.source_updated_at
        from {{ source(schema, table) }} as records
        inner join collections on collections.collection_id = records.collection_id

    ),

    repeated as (

        select
            instance,
            record_key
        from sightings
        group by instance, record_key
        having count(*) > 1

    ),

    record_versions as (

        select
            sightings.instance,
            sightings.record_key,
            sightings.payload_sha256,
            max(sightings.source_updated_at) as source_updated_at,
            min(sightings.n) as first_n,
            max(sightings.n) as last_n
        from sightings
        inner join repeated on repeated.instance = sightings.instance and repeated.record_key = sightings.record_key
        group by sightings.instance, sightings.record_key, sightings.payload_sha256

    ),

    latest as (

        select
            record_versions.*,
            min(collections.collected_at) over (partition by record_versions.instance, record_versions.record_key) as first_collected_at,
            count(*) over (partition by record_versions.instance, record_versions.record_key) as versions
        from record_versions
        inner join collections on collections.n = record_versions.first_n
        qualify row_number() over (
            partition by record_versions.instance, record_versions.record_key
            order by record_versions.last_n desc, record_versions.source_updated_at desc nulls last, record_versions.payload_sha256 nulls last
        ) = 1

    )

    {# payloads are read here alone: what an aggregate, or a join's larger side, holds of texts the engine neither counts nor spills #}
    select
        collections.instance,
        records.record_key,
        case when latest.record_key is null then records.source_updated_at else latest.source_updated_at end as source_updated_at,
        records.payload,
        records.payload_sha256,
        records.collection_id,
        collections.collected_at,
        coalesce(latest.first_collected_at, collections.collected_at) as first_collected_at,
        carried_last.next_collected_at as gone_at,
        coalesce(latest.versions, 1) as versions
    from {{ source(schema, table) }} as records
    inner join collections on collections.collection_id = records.collection_id
    left join latest on latest.instance = collections.instance and latest.record_key = records.record_key
    inner join collections as carried_last on carried_last.n = coalesce(latest.last_n, collections.n)
    where latest.record_key is null or (latest.first_n = collections.n and latest.payload_sha256 = records.payload_sha256)
)
{%- endmacro %}

{#-
    The history of a snapshot: one row per record and unbroken run of snapshots that showed the same payload (or, with
    by_payload=false, showed the record at all, with the run's last payload). Columns: instance, record_key, payload,
    payload_sha256, collection_id and collected_at (of the run's first snapshot), seen_from, seen_to (first and last snapshot of
    the run), gone_at (the first complete snapshot after the run; null = still there at the last one).
-#}
{% macro record_intervals(schema, table, resource=none, by_payload=true) -%}
(
    with collections as (

        {{ committed_collections() }}

    ),

    snapshots as (

        select
            instance,
            collection_id,
            collected_at,
            row_number() over (partition by instance order by collected_at nulls last, n nulls last) as snapshot_no
        from collections
        where source = '{{ schema | replace('raw_', '', 1) }}' and resource = '{{ resource or table }}' and is_complete

    ),

    sightings as (

        select
            snapshots.instance,
            records.record_key,
            {%- if by_payload %}
            records.payload_sha256 as run_payload,
            {%- else %}
            cast(null as string) as run_payload,
            {%- endif %}
            snapshots.snapshot_no,
            max(records.payload_sha256) as payload_sha256
        from {{ source(schema, table) }} as records
        inner join snapshots on snapshots.collection_id = records.collection_id
        group by snapshots.instance, records.record_key, run_payload, snapshots.snapshot_no

    ),

    numbered as (

        select
            *,
            snapshot_no - row_number() over (partition by instance, record_key, run_payload order by snapshot_no nulls last) as run_no
        from sightings

    ),

    runs as (

        select
            instance,
            record_key,
            {{ max_by('payload_sha256', 'snapshot_no') }} as payload_sha256,
            min(snapshot_no) as first_snapshot_no,
            max(snapshot_no) as last_snapshot_no
        from numbered
        group by instance, record_key, run_payload, run_no

    )

    select
        runs.instance,
        runs.record_key,
        records.payload,
        runs.payload_sha256,
        first_seen.collection_id,
        first_seen.collected_at,
        first_seen.collected_at as seen_from,
        last_seen.collected_at as seen_to,
        later.collected_at as gone_at
    from runs
    inner join snapshots as first_seen
        on first_seen.instance = runs.instance and first_seen.snapshot_no = runs.first_snapshot_no
    inner join snapshots as last_seen
        on last_seen.instance = runs.instance and last_seen.snapshot_no = runs.last_snapshot_no
    inner join {{ source(schema, table) }} as records
        on
            records.collection_id = last_seen.collection_id
            and records.record_key = runs.record_key
            and records.payload_sha256 = runs.payload_sha256
    left join snapshots as later
        on later.instance = runs.instance and later.snapshot_no = runs.last_snapshot_no + 1
)
{%- endmacro %}
