with records as (

    select * from {{ latest_records('raw_okta', 'system_log') }} as records

),

-- only the targets are unnested, and only of events that have any: the engine keeps what it unnests in memory
events as (

    select
        {{ json_text('payload', '$.uuid') }} as event_id,
        {{ json_timestamp('payload', '$.published') }} as occurred_at,
        {{ json_text('payload', '$.eventType') }} as event_type,
        {{ json_text('payload', '$.outcome.result') }} as outcome,
        {{ json_text('payload', '$.target') }} as targets,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
    from records

),

final as (

    select
        events.event_id,
        events.occurred_at,
        events.event_type,
        events.outcome,
        cast(target.item_no as bigint) as target_no,
        {{ json_text('target.item', '$.id') }} as target_id,
        {{ json_text('target.item', '$.type') }} as target_type,
        {{ json_text('target.item', '$.alternateId') }} as target_login,
        {{ json_text('target.item', '$.displayName') }} as target_name,
        events.instance,
        events.record_key,
        events.collection_id,
        events.collected_at,
        events.payload_sha256,
    from events
    {{ json_items('events.targets', '$', 'target') }}
    where events.targets <> '[]'

)

select * from final
