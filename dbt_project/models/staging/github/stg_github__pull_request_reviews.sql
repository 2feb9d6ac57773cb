with

records as (

    select * from {{ latest_records('raw_github', 'pull_request_reviews') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'review_id': '$.databaseId',
        'repository_id': '$._context.repository_id',
        'pull_request_id': '$._context.pull_request_id',
        'author_id': '$.author.databaseId',
        'author_login': '$.author.login',
        'author_type': '$.author.__typename',
        'state': '$.state',
        'body': '$.body',
        'submitted_at': '$.submittedAt',
        'commit_oid': '$.commit.oid',
        'can_author_push': '$.authorCanPushToRepository',
        'url': '$.url'
    }) }} as unpacked

),

final as (

    select
        instance,
        review_id,
        repository_id,
        pull_request_id,
        author_id,
        author_login,
        author_type,
        state,
        body,
        {{ text_to_instant('submitted_at') }} as submitted_at,
        commit_oid,
        try_cast(can_author_push as boolean) as can_author_push,
        url,
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
