with

records as (

    select * from {{ latest_records('raw_github', 'pull_request_commits') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'repository_id': '$._context.repository_id',
        'pull_request_id': '$._context.pull_request_id',
        'position': '$._context.position',
        'oid': '$.oid',
        'authored_at': '$.authoredDate',
        'committed_at': '$.committedDate',
        'message': '$.message',
        'authors': '$.authors.nodes',
        'committer_name': '$.committer.name',
        'committer_email': '$.committer.email',
        'committer_id': '$.committer.user.databaseId',
        'committer_login': '$.committer.user.login',
        'first_parent_oid': '$.parents.nodes[0].oid',
        'second_parent_oid': '$.parents.nodes[1].oid'
    }) }} as unpacked

),

final as (

    select
        instance,
        repository_id,
        pull_request_id,
        {{ text_to_bigint('position') }} as position,
        oid,
        {{ text_to_instant('authored_at') }} as authored_at,
        {{ text_to_instant('committed_at') }} as committed_at,
        message,
        authors,
        committer_name,
        committer_email,
        committer_id,
        committer_login,
        first_parent_oid,
        second_parent_oid,
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
