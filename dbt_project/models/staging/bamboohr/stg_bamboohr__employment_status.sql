with records as (

    select * from {{ latest_records('raw_bamboohr', 'employment_status') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as row_id,
        {{ json_text('payload', '$.employeeId') }} as employee_id,
        {{ json_date('payload', '$.date') }} as effective_on,
        {{ json_text('payload', '$.employmentStatus') }} as employment_status,
        {{ json_text('payload', '$.terminationTypeId') }} as termination_type,
        {{ json_text('payload', '$.terminationReasonId') }} as termination_reason,
        {{ json_text('payload', '$.comment') }} as comment,
        {{ json_text('payload', '$._context.zone') }} as zone,
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
