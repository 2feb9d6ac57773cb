with records as (

    select * from {{ record_intervals('raw_bamboohr', 'employees') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as employee_id,
        {{ json_text('payload', '$.employeeNumber') }} as employee_number,
        {{ json_text('payload', '$.firstName') }} as first_name,
        {{ json_text('payload', '$.lastName') }} as last_name,
        {{ json_text('payload', '$.displayName') }} as display_name,
        {{ json_text('payload', '$.workEmail') }} as work_email,
        {{ json_text('payload', '$.status') }} as status,
        {{ json_text('payload', '$.employmentHistoryStatus') }} as employment_history_status,
        {{ json_date('payload', '$.hireDate') }} as hired_on,
        {{ json_date('payload', '$.originalHireDate') }} as original_hired_on,
        {{ json_date('payload', '$.terminationDate') }} as terminated_on,
        {{ json_text('payload', '$.supervisorEId') }} as supervisor_employee_id,
        {{ json_text('payload', '$.department') }} as department,
        {{ json_text('payload', '$.jobTitle') }} as job_title,
        {{ json_text('payload', '$.location') }} as location,
        {{ json_text('payload', '$.country') }} as country,
        {{ json_timestamp('payload', '$.lastChanged') }} as last_changed_at,
        {{ json_text('payload', '$._context.zone') }} as zone,
        {{ json_text('payload', '$._context.calendar') }} as calendar,
        {{ zoned_text_to_instant(
            json_text('payload', '$._context.termination_recorded_at'),
            json_text('payload', '$._context.zone')
        ) }} as termination_recorded_at,
        {{ zoned_text_to_instant(
            json_text('payload', '$._context.termination_instant'),
            json_text('payload', '$._context.zone')
        ) }} as termination_instant,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        seen_from,
        seen_to,
        gone_at
    from records

)

select * from final
