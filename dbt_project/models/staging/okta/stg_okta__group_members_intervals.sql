with records as (

    select * from {{ record_intervals('raw_okta', 'group_members', by_payload=false) }} as records

),

final as (

    select
        {{ json_text('payload', '$._context.group_id') }} as group_id,
        {{ json_text('payload', '$.id') }} as user_id,
        {{ json_text('payload', '$.profile.login') }} as login,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        seen_from,
        seen_to,
        gone_at
    from records

)

select * from final
