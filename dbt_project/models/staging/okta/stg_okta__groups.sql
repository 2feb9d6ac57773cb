with records as (

    select * from {{ latest_records('raw_okta', 'groups') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as group_id,
        {{ json_text('payload', '$.profile.name') }} as name,
        {{ json_text('payload', '$.profile.description') }} as description,
        {{ json_text('payload', '$.type') }} as group_type,
        {{ json_timestamp('payload', '$.created') }} as created_at,
        {{ json_timestamp('payload', '$.lastUpdated') }} as last_updated_at,
        {{ json_timestamp('payload', '$.lastMembershipUpdated') }} as last_membership_updated_at,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
