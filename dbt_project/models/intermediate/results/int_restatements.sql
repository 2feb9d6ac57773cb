-- From one payload of a record to the next: every field that changed. A check run counts once it had completed, a review when an
-- approval or a request for changes became something else than dismissed.
with sightings as (

    select * from {{ ref('int_changed_records') }}

),

versions as (

    select
        *,
        lag(payload) over record as before_payload,
        lag(payload_sha256) over record as before_sha256,
        lag(collection_id) over record as before_collection_id
    from sightings
    window record as (
        partition by source, instance, table_name, record_key order by n, source_updated_at nulls first, payload_sha256
    )

),

changes as (

    select
        *,
        row_number() over (order by source, instance, table_name, record_key, n, source_updated_at nulls first, payload_sha256) as change_no
    from versions
    where
        before_sha256 <> payload_sha256
        and case table_name
            when 'check_runs'
                then
                    {{ json_text('before_payload', '$.status') }} = 'COMPLETED'
                    or {{ json_text('before_payload', '$.state') }} in ('SUCCESS', 'FAILURE', 'ERROR')
            when 'pull_request_reviews'
                then
                    {{ json_text('before_payload', '$.state') }} in ('APPROVED', 'CHANGES_REQUESTED')
                    and {{ json_text('payload', '$.state') }} not in ({{ json_text('before_payload', '$.state') }}, 'DISMISSED')
            else true
        end

),

leaves as (

    select
        changes.change_no,
        leaf.field,
        leaf.value as before_value,
        cast(null as string) as after_value
    from changes
    {{ json_leaves('changes.before_payload') }}
    union all
    select
        changes.change_no,
        leaf.field,
        cast(null as string) as before_value,
        leaf.value as after_value
    from changes
    {{ json_leaves('changes.payload') }}

),

fields as (

    select
        change_no,
        field,
        max(before_value) as before_value,
        max(after_value) as after_value
    from leaves
    where field <> '_context.file'
    group by change_no, field

),

final as (

    select
        changes.instance,
        changes.source,
        changes.table_name,
        changes.record_key,
        changes.kind,
        fields.field,
        fields.before_value as before,
        fields.after_value as after,
        changes.before_collection_id,
        changes.collection_id as after_collection_id,
        changes.collected_at as after_collected_at,
        changes.before_sha256,
        changes.payload_sha256 as after_sha256
    from changes
    inner join fields on fields.change_no = changes.change_no
    where fields.before_value is distinct from fields.after_value

)

select * from final
