-- The log is unpacked once; what is unnested here is short, since the engine keeps it in memory.
with events as (

    select * from {{ ref('stg_okta__system_log') }}
    where targets is not null

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
        events.payload_sha256
    from events
    {{ json_items('events.targets', '$', 'target') }}

)

select * from final
