with records as (

    select * from {{ latest_records('raw_hris_csv', 'workers') }} as records

),

final as (

    select
        {{ json_text('payload', '$.worker_id') }} as worker_id,
        {{ json_date('payload', '$.hired_on') }} as hired_on,
        {{ json_text('payload', '$.first_name') }} as first_name,
        {{ json_text('payload', '$.last_name') }} as last_name,
        {{ json_text('payload', '$.display_name') }} as display_name,
        {{ json_text('payload', '$.work_email') }} as work_email,
        {{ json_text('payload', '$.worker_type') }} as worker_type,
        {{ json_text('payload', '$.department') }} as department,
        {{ json_text('payload', '$.job_title') }} as job_title,
        {{ json_date('payload', '$.terminated_on') }} as terminated_on,
        {{ json_text('payload', '$.termination_type') }} as termination_type,
        {{ zoned_text_to_instant(json_text('payload', '$.terminated_at'), json_text('payload', '$._context.zone')) }} as terminated_at,
        {{ zoned_text_to_instant(json_text('payload', '$.recorded_at'), json_text('payload', '$._context.zone'), date_is_last_second=true) }} as recorded_at,
        {{ json_text('payload', '$.status') }} as status,
        coalesce({{ json_text('payload', '$.zone') }}, {{ json_text('payload', '$._context.zone') }}) as zone,
        {{ json_text('payload', '$._context.calendar') }} as calendar,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
