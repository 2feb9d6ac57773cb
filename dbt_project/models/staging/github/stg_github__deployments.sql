with

records as (

    select * from {{ latest_records('raw_github', 'deployments') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.databaseId') }} as deployment_id,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$.commitOid') }} as commit_oid,
        {{ json_text('payload', '$.environment') }} as environment,
        {{ json_timestamp('payload', '$.createdAt') }} as created_at,
        {{ json_text('payload', '$.creator.databaseId') }} as creator_id,
        {{ json_text('payload', '$.creator.login') }} as creator_login,
        {{ json_text('payload', '$.latestStatus.state') }} as latest_state,
        {{ json_timestamp('payload', '$.latestStatus.createdAt') }} as latest_state_at,
        record_key,
        payload_sha256,
        collection_id,
        collected_at,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
