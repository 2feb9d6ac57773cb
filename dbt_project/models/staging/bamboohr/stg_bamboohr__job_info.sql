with records as (

    select * from {{ latest_records('raw_bamboohr', 'job_info') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as row_id,
        {{ json_text('payload', '$.employeeId') }} as employee_id,
        {{ json_date('payload', '$.date') }} as effective_on,
        {{ json_text('payload', '$.location') }} as location,
        {{ json_text('payload', '$.department') }} as department,
        {{ json_text('payload', '$.jobTitle') }} as job_title,
        {{ json_text('payload', '$.reportsTo') }} as reports_to,
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
