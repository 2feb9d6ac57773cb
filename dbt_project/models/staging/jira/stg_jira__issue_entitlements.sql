with records as (

    select * from {{ latest_records('raw_jira', 'issues') }} as records

),

final as (

    select
        {{ json_text('records.payload', '$.id') }} as issue_id,
        {{ json_text('records.payload', '$.key') }} as issue_key,
        entitlement.item as entitlement,
        {{ text_match('entitlement.item', '^([^:@]+)[:@]') }} as system,
        {{ text_match('entitlement.item', '^[^:@]+@([^:]+):') }} as system_instance,
        {{ text_match('entitlement.item', '^[^:]+:([^:]+):') }} as kind,
        {{ text_match('entitlement.item', '^[^:]+:[^:]+:(.+)$') }} as external_id,
        records.instance,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from records
    {{ json_items('records.payload', '$._context.entitlements', 'entitlement') }}

)

select * from final
