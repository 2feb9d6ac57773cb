with records as (

    select * from {{ latest_records('raw_okta', 'system_log') }} as records

),

final as (

    select
        {{ json_text('records.payload', '$.uuid') }} as event_id,
        {{ json_timestamp('records.payload', '$.published') }} as occurred_at,
        {{ json_text('records.payload', '$.eventType') }} as event_type,
        {{ json_text('records.payload', '$.outcome.result') }} as outcome,
        cast(target.item_no as bigint) as target_no,
        {{ json_text('target.item', '$.id') }} as target_id,
        {{ json_text('target.item', '$.type') }} as target_type,
        {{ json_text('target.item', '$.alternateId') }} as target_login,
        {{ json_text('target.item', '$.displayName') }} as target_name,
        records.instance,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from records
    {{ json_items('records.payload', '$.target', 'target') }}

)

select * from final
