with

records as (

    select * from {{ latest_records('raw_git', 'pull_commits') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'repository_id': '$.repository_id',
        'number': '$.number',
        'sha': '$.sha',
        'tree': '$.tree',
        'first_parent_sha': '$.parents[0]',
        'second_parent_sha': '$.parents[1]',
        'is_head': '$.is_head',
        'merge_base': '$.merge_base',
        'cumulative_patch_id': '$.cumulative_patch_id'
    }) }} as unpacked

),

final as (

    select
        instance,
        repository_id,
        {{ text_to_bigint('number') }} as number,
        sha,
        tree,
        first_parent_sha,
        second_parent_sha,
        try_cast(is_head as boolean) as is_head,
        merge_base,
        cumulative_patch_id,
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
