with

records as (

    select * from {{ latest_records('raw_git', 'first_parent_commits') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'repository_id': '$.repository_id',
        'branch': '$.branch',
        'sha': '$.sha',
        'position': '$.position',
        'tree': '$.tree',
        'first_parent_sha': '$.parents[0]',
        'second_parent_sha': '$.parents[1]',
        'author_name': '$.author_name',
        'author_email': '$.author_email',
        'authored_at': '$.authored_at',
        'committer_name': '$.committer_name',
        'committer_email': '$.committer_email',
        'committed_at': '$.committed_at',
        'subject': '$.subject',
        'co_authors': '$.co_authors',
        'patch_id': '$.patch_id'
    }) }} as unpacked

),

final as (

    select
        instance,
        repository_id,
        branch,
        sha,
        {{ text_to_bigint('position') }} as position,
        tree,
        first_parent_sha,
        second_parent_sha,
        author_name,
        author_email,
        {{ text_to_instant('authored_at') }} as authored_at,
        committer_name,
        committer_email,
        {{ text_to_instant('committed_at') }} as committed_at,
        subject,
        co_authors,
        patch_id,
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
