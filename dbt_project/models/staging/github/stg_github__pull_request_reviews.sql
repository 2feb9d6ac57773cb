with

records as (

    select * from {{ latest_records('raw_github', 'pull_request_reviews') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.databaseId') }} as review_id,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$._context.pull_request_id') }} as pull_request_id,
        {{ json_text('payload', '$.author.databaseId') }} as author_id,
        {{ json_text('payload', '$.author.login') }} as author_login,
        {{ json_text('payload', '$.author.__typename') }} as author_type,
        {{ json_text('payload', '$.state') }} as state,
        {{ json_text('payload', '$.body') }} as body,
        {{ json_timestamp('payload', '$.submittedAt') }} as submitted_at,
        {{ json_text('payload', '$.commit.oid') }} as commit_oid,
        {{ json_bool('payload', '$.authorCanPushToRepository') }} as can_author_push,
        {{ json_text('payload', '$.url') }} as url,
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
