with

records as (

    select * from {{ latest_records('raw_github', 'check_runs') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'repository_id': '$._context.repository_id',
        'oid': '$._context.oid',
        'check_run_id': '$.databaseId',
        'check_name': '$.name',
        'status_context': '$.context',
        'app_id': '$._context.app_id',
        'app_slug': '$._context.app_slug',
        'status': '$.status',
        'conclusion': '$.conclusion',
        'state': '$.state',
        'started_at': '$.startedAt',
        'completed_at': '$.completedAt',
        'status_created_at': '$.createdAt',
        'details_url': '$.detailsUrl'
    }) }} as unpacked

),

final as (

    select
        instance,
        repository_id,
        oid,
        check_run_id,
        check_name,
        status_context,
        app_id,
        app_slug,
        status,
        conclusion,
        state,
        {{ text_to_instant('started_at') }} as started_at,
        {{ text_to_instant('completed_at') }} as completed_at,
        {{ text_to_instant('status_created_at') }} as status_created_at,
        details_url,
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
