with records as (

    select * from {{ record_intervals('raw_okta', 'role_assignments', by_payload=false) }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as role_assignment_id,
        {{ json_text('payload', '$._context.user_id') }} as user_id,
        {{ json_text('payload', '$.type') }} as role_type,
        {{ json_text('payload', '$.label') }} as label,
        {{ json_text('payload', '$.status') }} as status,
        {{ json_text('payload', '$.assignmentType') }} as assignment_type,
        {{ json_timestamp('payload', '$.created') }} as created_at,
        {{ json_timestamp('payload', '$.lastUpdated') }} as last_updated_at,
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
