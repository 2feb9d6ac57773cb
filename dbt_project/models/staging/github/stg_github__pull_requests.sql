with

records as (

    select * from {{ latest_records('raw_github', 'pull_requests') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'pull_request_id': '$.databaseId',
        'repository_id': '$._context.repository_id',
        'number': '$.number',
        'title': '$.title',
        'body': '$.body',
        'url': '$.url',
        'state': '$.state',
        'is_draft': '$.isDraft',
        'created_at': '$.createdAt',
        'updated_at': '$.updatedAt',
        'merged_at': '$.mergedAt',
        'merged_by_id': '$.mergedBy.databaseId',
        'merged_by_login': '$.mergedBy.login',
        'author_id': '$.author.databaseId',
        'author_login': '$.author.login',
        'merged_by_type': '$.mergedBy.__typename',
        'author_type': '$.author.__typename',
        'base_branch': '$.baseRefName',
        'head_branch': '$.headRefName',
        'head_oid': '$.headRefOid',
        'is_cross_repository': '$.isCrossRepository',
        'merge_commit_oid': '$.mergeCommit.oid',
        'merge_commit_second_parent_oid': '$.mergeCommit.parents.nodes[1].oid',
        'labels': '$.labels.nodes',
        'files': '$.files.nodes',
        'additions': '$.additions',
        'deletions': '$.deletions',
        'changed_files': '$.changedFiles',
        'reviews_total': '$.reviews.totalCount',
        'commits_total': '$.commits.totalCount'
    }) }} as unpacked

),

final as (

    select
        instance,
        pull_request_id,
        repository_id,
        {{ text_to_bigint('number') }} as number,
        title,
        body,
        url,
        state,
        try_cast(is_draft as boolean) as is_draft,
        {{ text_to_instant('created_at') }} as created_at,
        {{ text_to_instant('updated_at') }} as updated_at,
        {{ text_to_instant('merged_at') }} as merged_at,
        merged_by_id,
        merged_by_login,
        author_id,
        author_login,
        merged_by_type,
        author_type,
        base_branch,
        head_branch,
        head_oid,
        try_cast(is_cross_repository as boolean) as is_cross_repository,
        merge_commit_oid,
        merge_commit_second_parent_oid,
        labels,
        files,
        {{ text_to_bigint('additions') }} as additions,
        {{ text_to_bigint('deletions') }} as deletions,
        {{ text_to_bigint('changed_files') }} as changed_files,
        {{ text_to_bigint('reviews_total') }} as reviews_total,
        {{ text_to_bigint('commits_total') }} as commits_total,
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
