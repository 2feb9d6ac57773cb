with

records as (

    select * from {{ latest_records('raw_github', 'check_runs') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$._context.oid') }} as oid,
        {{ json_text('payload', '$.databaseId') }} as check_run_id,
        {{ json_text('payload', '$.name') }} as check_name,
        {{ json_text('payload', '$.context') }} as status_context,
        {{ json_text('payload', '$._context.app_id') }} as app_id,
        {{ json_text('payload', '$._context.app_slug') }} as app_slug,
        {{ json_text('payload', '$.status') }} as status,
        {{ json_text('payload', '$.conclusion') }} as conclusion,
        {{ json_text('payload', '$.state') }} as state,
        {{ json_timestamp('payload', '$.startedAt') }} as started_at,
        {{ json_timestamp('payload', '$.completedAt') }} as completed_at,
        {{ json_timestamp('payload', '$.createdAt') }} as status_created_at,
        {{ json_text('payload', '$.detailsUrl') }} as details_url,
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
