with

records as (

    select * from {{ latest_records('raw_github', 'commits') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'repository_id': '$._context.repository_id',
        'branch': '$._context.branch',
        'oid': '$.oid',
        'committed_at': '$.committedDate',
        'authored_at': '$.authoredDate',
        'message': '$.message',
        'authors': '$.authors.nodes',
        'committer_email': '$.committer.email',
        'committer_id': '$.committer.user.databaseId',
        'committer_login': '$.committer.user.login',
        'first_parent_oid': '$.parents.nodes[0].oid',
        'second_parent_oid': '$.parents.nodes[1].oid',
        'associated_pull_requests': '$.associatedPullRequests.nodes'
    }) }} as unpacked

),

final as (

    select
        instance,
        repository_id,
        branch,
        oid,
        {{ text_to_instant('committed_at') }} as committed_at,
        {{ text_to_instant('authored_at') }} as authored_at,
        message,
        authors,
        committer_email,
        committer_id,
        committer_login,
        first_parent_oid,
        second_parent_oid,
        associated_pull_requests,
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
