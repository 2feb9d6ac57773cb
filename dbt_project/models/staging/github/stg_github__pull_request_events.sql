with

records as (

    select * from {{ latest_records('raw_github', 'pull_request_events') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'event_id': '$.id',
        'repository_id': '$._context.repository_id',
        'pull_request_id': '$._context.pull_request_id',
        'event_type': '$.__typename',
        'occurred_at': '$.createdAt',
        'actor_id': '$.actor.databaseId',
        'actor_login': '$.actor.login',
        'review_id': '$.review.databaseId',
        'previous_review_state': '$.previousReviewState',
        'enqueuer_id': '$.enqueuer.databaseId',
        'enabler_id': '$.enabler.databaseId',
        'before_oid': '$.beforeCommit.oid',
        'after_oid': '$.afterCommit.oid',
        'commit_oid': '$.commit.oid'
    }) }} as unpacked

),

final as (

    select
        instance,
        event_id,
        repository_id,
        pull_request_id,
        event_type,
        {{ text_to_instant('occurred_at') }} as occurred_at,
        actor_id,
        actor_login,
        review_id,
        previous_review_state,
        enqueuer_id,
        enabler_id,
        before_oid,
        after_oid,
        commit_oid,
        record_key,
        payload_sha256,
        collection_id,
        collected_at,
        first_collected_at,
        gone_at,
        versions
    from unpacked

)

select * from final
