with

records as (

    select * from {{ latest_records('raw_github', 'pull_request_events') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.id') }} as event_id,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$._context.pull_request_id') }} as pull_request_id,
        {{ json_text('payload', '$.__typename') }} as event_type,
        {{ json_timestamp('payload', '$.createdAt') }} as occurred_at,
        {{ json_text('payload', '$.actor.databaseId') }} as actor_id,
        {{ json_text('payload', '$.actor.login') }} as actor_login,
        {{ json_text('payload', '$.review.databaseId') }} as review_id,
        {{ json_text('payload', '$.previousReviewState') }} as previous_review_state,
        {{ json_text('payload', '$.enqueuer.databaseId') }} as enqueuer_id,
        {{ json_text('payload', '$.enabler.databaseId') }} as enabler_id,
        {{ json_text('payload', '$.beforeCommit.oid') }} as before_oid,
        {{ json_text('payload', '$.afterCommit.oid') }} as after_oid,
        {{ json_text('payload', '$.commit.oid') }} as commit_oid,
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
